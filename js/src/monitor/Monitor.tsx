import { useIsGone } from "../bridge/connection";
import { useTrait } from "../bridge/hooks";
import { Boundary } from "../shared/Boundary";
import { useDark } from "../shared/theme";
import { Acts } from "./Acts";
import { Blocks, Parts } from "./Blocks";
import { CallsChart, PaceChart } from "./Charts";
import { hasCalls } from "./course";
import { Failures } from "./Failures";
import { Figures } from "./Figures";
import { Log } from "./Log";
import { NewestRecords } from "./NewestRecords";
import { milestone, Progress } from "./Progress";
import type { Course, Facts, Insight } from "./protocol";

const LOOKS: Record<string, string> = {
  running: "dgf-status-running",
  queued: "dgf-status-running",
  paused: "dgf-status-rejected",
  completed: "dgf-status-accepted",
  failed: "dgf-status-failed",
  interrupted: "dgf-status-failed",
};
/** Moments from which on there is a course to be seen. */
const COURSE = 3;

/** One job: how far it is, how it went, and what can be done to it. */
export function Monitor() {
  const [facts] = useTrait<Facts>("facts");
  const [course] = useTrait<Course>("course");
  const [insight] = useTrait<Insight>("insight");
  const isDark = useDark();
  const isGone = useIsGone();
  const moments = course.moments ?? [];
  const title = `Job ${facts.id} ${facts.pipeline}`;
  const isBad = facts.status === "completed" && facts.failed > 0;
  const look = isBad ? "dgf-status-failed" : (LOOKS[facts.status] ?? "");
  return (
    <div className="dgf-live dgf-frame">
      <section className={`dgf-root dgf-monitor ${isDark ? "dgf-dark" : ""}`} aria-label={title}>
        {isGone && facts.is_active && (
          <div className="dgf-notice" role="alert">
            The kernel that showed this is gone; %dgf job {facts.id} shows how the job is now.
          </div>
        )}
        <div className="dgf-monitor-head">
          <strong className="dgf-monitor-title" dir="auto">
            Job {facts.id} <span className="dgf-soft">{facts.pipeline}</span>
          </strong>{" "}
          <span className={`dgf-status ${look}`}>{facts.status}</span>
          <span className="dgf-space" />
          <div inert={isGone}>
            <Acts facts={facts} />
          </div>
        </div>
        <div className="dgf-monitor-body">
          <Progress facts={facts} />
          <Figures facts={facts} />
          {facts.waiting && (
            <div className="dgf-monitor-waiting" dir="auto">
              {facts.waiting.charAt(0).toUpperCase() + facts.waiting.slice(1)}
            </div>
          )}
          {facts.error && (
            <div className="dgf-problem" dir="auto">
              {facts.error}
            </div>
          )}
          {facts.about.map((told) => (
            <div key={told} className="dgf-soft" dir="auto">
              {told}
            </div>
          ))}
          {moments.length >= COURSE && (
            <Boundary part="How the job went">
              <div className="dgf-monitor-charts">
                <PaceChart moments={moments} isActive={facts.is_active} />
                {hasCalls(moments) && <CallsChart moments={moments} isActive={facts.is_active} />}
              </div>
            </Boundary>
          )}
          <Blocks insight={insight} now={facts.now} />
          <Parts parts={facts.parts} />
          <Failures failures={insight.failures} isGone={isGone} />
          <NewestRecords records={insight.newest ?? []} isGone={isGone} />
          <Log id={facts.id} />
          {facts.notes.map((told) => (
            <div key={told} className="dgf-soft" dir="auto">
              {told}
            </div>
          ))}
        </div>
        <div className="dgf-unseen" aria-live="polite">
          {milestone(facts)}
        </div>
      </section>
    </div>
  );
}
