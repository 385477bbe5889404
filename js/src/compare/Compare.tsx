import { useCallback, useRef, useState } from "react";
import { useTrait } from "../bridge/hooks";
import { Boundary } from "../shared/Boundary";
import { KeyTable } from "../shared/KeyTable";
import { Panel } from "../shared/Panel";
import { useDark } from "../shared/theme";
import { ChoiceBar, count } from "./ChoiceBar";
import { ExportPanel } from "./ExportPanel";
import { type Command, commandOf, KEYS } from "./keys";
import { PairList } from "./PairList";
import { PairView } from "./PairView";
import { SHOWN, type Shown } from "./pairs";
import { CompareContext, type CompareState, useCompare, useCompareState } from "./useCompare";
import { usePairRecords } from "./usePairRecords";

type PanelName = "export" | "keys";

/** What can be pressed or typed in by itself. */
const ACTIVE = "button, input, select, summary, pre, [tabindex='0']";

/** Two jobs or attempts side by side, a pair at a time. */
export function Compare() {
  const compare = useCompareState();
  const isDark = useDark();
  const [salt] = useTrait<number>("salt");
  const [panel, setPanel] = useState<PanelName | null>(null);
  const [isMarked, setMarked] = useState(true);
  const [isFull, setFull] = useState(false);
  const pairs = useRef<HTMLDivElement>(null);
  const focus = useCallback(() => pairs.current?.focus({ preventScroll: true }), []);
  const { pair, list, place } = compare;
  const after = list[place + 1];
  const next = (after === undefined ? null : compare.pairs?.[after]) ?? null;
  const both = usePairRecords(pair, next, compare.fail);

  const close = () => {
    setPanel(null);
    focus();
  };
  const open = (name: PanelName) => (panel === name ? close() : setPanel(name));
  const run = (command: Command): boolean => {
    switch (command.do) {
      case "choose":
        compare.choose(command.choice);
        return true;
      case "move":
        compare.go(place + command.by);
        return true;
      case "open":
        compare.goOpen();
        return true;
      case "undo":
      case "redo":
        compare[command.do]();
        return true;
      case "blind":
        compare.setBlind(!compare.isBlind);
        return true;
      case "marks":
        setMarked(!isMarked);
        return true;
      case "export":
      case "keys":
        open(command.do);
        return true;
      case "leave":
        if (panel) close();
        else if (isFull) setFull(false);
        else return false;
        return true;
    }
  };
  const classes = ["dgf-root", "dgf-compare"];
  if (isDark) classes.push("dgf-dark");
  if (isFull) classes.push("dgf-full");
  if (panel) classes.push("dgf-has-panel");
  return (
    <CompareContext value={compare}>
      <div className="dgf-live dgf-frame">
        {/* biome-ignore lint/a11y/useSemanticElements: a group of many controls, no fieldset of a form */}
        <div
          className={classes.join(" ")}
          role="group"
          aria-label={`Comparison of ${compare.about.title}`}
          onClick={(event) => {
            const isText = document.getSelection()?.toString() !== "";
            if (!isText && !(event.target as Element).closest(ACTIVE)) focus();
          }}
          onKeyDown={(event) => {
            const target = event.target as Element;
            if (event.key === "Escape" && target.closest("input, select")) {
              if (panel) close();
              else focus();
            } else {
              const command = commandOf(event);
              if (!command || compare.isGone || !run(command)) return;
            }
            event.preventDefault();
            event.stopPropagation();
          }}
        >
          <div
            className="dgf-toolbar"
            role="toolbar"
            aria-label="Comparison"
            inert={compare.isGone}
          >
            <strong dir="auto">
              {compare.about.title.replace(/^./, (one) => one.toUpperCase())}
            </strong>
            <Progress />
            <span className="dgf-space" />
            <Tool
              title="Hide whose record is on which side, and change sides (B)"
              isPressed={compare.isBlind}
              onClick={() => compare.setBlind(!compare.isBlind)}
            >
              Blind
            </Tool>
            <Tool
              title="Mark what is different (M)"
              isPressed={isMarked}
              onClick={() => setMarked(!isMarked)}
            >
              Marks
            </Tool>
            <Tool title="Export (E)" isPressed={panel === "export"} onClick={() => open("export")}>
              Export
            </Tool>
            <Tool title="All keys (?)" isPressed={panel === "keys"} onClick={() => open("keys")}>
              Keys
            </Tool>
            <Tool
              title={isFull ? "Back into the notebook (Esc)" : "Full screen"}
              onClick={() => setFull(!isFull)}
            >
              {isFull ? "Exit" : "Full screen"}
            </Tool>
          </div>
          <Notices />
          <div className="dgf-compare-body" inert={compare.isGone}>
            <div className="dgf-pairs-pane">
              <Listing compare={compare} />
              <Boundary part="The list">
                <PairList focus={pairs} salt={salt} />
              </Boundary>
              <AloneNote />
            </div>
            <Boundary part="The pair">
              <PairView both={both} isMarked={isMarked} />
            </Boundary>
            {panel === "export" && (
              <Boundary part="The panel">
                <ExportPanel close={close} />
              </Boundary>
            )}
            {panel === "keys" && <KeysPanel close={close} />}
          </div>
          <ChoiceBar both={both} focus={focus} />
        </div>
      </div>
    </CompareContext>
  );
}

function Tool(properties: {
  title: string;
  isPressed?: boolean;
  onClick(): void;
  children: string;
}) {
  const { title, isPressed, onClick, children } = properties;
  return (
    <button
      type="button"
      className="dgf-button"
      title={title}
      aria-pressed={isPressed}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

/** How many pairs are chosen, and for whom; in a blind comparison that is not told. */
function Progress() {
  const { pairs, tally, about, isBlind } = useCompare();
  if (!pairs) return <span className="dgf-soft">Loading…</span>;
  const names = about.is_attempts
    ? ["before", "latest"]
    : [`job ${about.left.job_id}`, `job ${about.right.job_id}`];
  return (
    <span className="dgf-compare-progress">
      <b>
        {count(tally.chosen)} of {count(pairs.length)}
      </b>{" "}
      chosen
      {!isBlind && (
        <span className="dgf-soft">
          : {names[0]} <b>{count(tally.left)}</b>, {names[1]} <b>{count(tally.right)}</b>, tie{" "}
          {count(tally.tie)}, neither {count(tally.neither)}
        </span>
      )}
    </span>
  );
}

/** Which pairs are listed. */
function Listing({ compare }: { compare: CompareState }) {
  const { shown, setShown, compared, pairs } = compare;
  const isComparing = pairs !== null && compared < pairs.length;
  return (
    <div className="dgf-listing">
      <select
        className="dgf-input"
        aria-label="Which pairs"
        value={shown}
        onChange={(event) => setShown(event.target.value as Shown)}
      >
        {SHOWN.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {isComparing && <small className="dgf-soft">{count(compared)} compared…</small>}
    </div>
  );
}

/** What has no partner, and why. */
function AloneNote() {
  const { alone } = useCompare();
  if (!alone.length) return null;
  const total = alone.reduce((sum, one) => sum + one.count, 0);
  return (
    <details className="dgf-alone">
      <summary>{total === 1 ? "1 record" : `${count(total)} records`} without a partner</summary>
      {alone.map((one) => (
        <p key={`${one.job_id} ${one.why}`}>
          {count(one.count)} of job {one.job_id}: {one.why} ({one.ids.join(", ")}
          {one.count > one.ids.length && " …"})
        </p>
      ))}
    </details>
  );
}

function KeysPanel({ close }: { close(): void }) {
  return (
    <Panel place="dgf-compare-side" title="Keys" close={close}>
      <KeyTable keys={KEYS} />
    </Panel>
  );
}

/** What went wrong, until it is dismissed; and that the kernel is gone. */
function Notices() {
  const { isGone, notice, fail, unsettled } = useCompare();
  return (
    <>
      {isGone && (
        <div className="dgf-notice" role="alert">
          <span>
            The kernel that made this comparison is gone. Run the cell again to go on; every choice
            is in the store
            {unsettled > 0 && `, but for the last ${unsettled}, which may not have reached it`}.
          </span>
        </div>
      )}
      {notice && (
        <div className="dgf-notice" role="alert">
          <span dir="auto">{notice.message}</span>
          <button type="button" className="dgf-button" onClick={() => fail(null)}>
            Dismiss
          </button>
        </div>
      )}
    </>
  );
}
