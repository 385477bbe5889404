import { useState } from "react";
import { Source } from "../../shared/Source";
import type { Definition } from "../definition";
import type { VersionInfo } from "../protocol";
import { useEditor } from "../useEditor";
import { Panel, useAnswer } from "./Panel";

interface Compared {
  definition: Definition;
  diff: string[];
}

/** Every saved version: what is different now, and the way back to it. */
export function VersionsPanel({ close }: { close(): void }) {
  const { definition, saved } = useEditor();
  const [chosen, setChosen] = useState<number | null>(null);
  const { answer, error } = useAnswer<VersionInfo[]>("versions", {
    name: definition.name,
    latest: saved.version,
  });
  return (
    <Panel title="Versions" close={close}>
      {error && <div className="dgf-problem">{error}</div>}
      {answer?.length === 0 && <p className="dgf-soft">Nothing was saved under this name yet.</p>}
      {answer?.map(({ version, created_at: at }) => (
        <div key={version}>
          <button
            type="button"
            className="dgf-item"
            aria-expanded={chosen === version}
            onClick={() => setChosen(chosen === version ? null : version)}
          >
            <span className="dgf-item-name">version {version}</span>
            <span className="dgf-item-about">{at.replace("T", " ").slice(0, 16)} UTC</span>
          </button>
          {chosen === version && <Comparison version={version} />}
        </div>
      ))}
    </Panel>
  );
}

function Comparison({ version }: { version: number }) {
  const editor = useEditor();
  const { answer, error } = useAnswer<Compared>("version", {
    version,
    definition: editor.definition,
  });
  if (error) return <div className="dgf-problem">{error}</div>;
  if (!answer) return null;
  if (answer.diff.length === 0) return <p className="dgf-soft">The same as now.</p>;
  return (
    <>
      <button
        type="button"
        className="dgf-button"
        onClick={() => {
          editor.edit(answer.definition);
          editor.select(null);
        }}
      >
        Restore version {version}
      </button>
      <Source className="dgf-source" label={`What is different from version ${version}`}>
        {answer.diff.slice(2).map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and never move
          <div key={at} className={`dgf-diff${kindOf(line)}`}>
            {line}
          </div>
        ))}
      </Source>
    </>
  );
}

function kindOf(line: string): string {
  if (line.startsWith("+")) return " dgf-added";
  if (line.startsWith("-")) return " dgf-removed";
  return line.startsWith("@") ? " dgf-soft" : "";
}
