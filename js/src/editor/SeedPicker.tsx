import { useEffect, useId, useState } from "react";
import { useBridge } from "../bridge/hooks";

export type SeedKind = "typed" | "variable" | "file";

/** Where seeds come from; `text` is typed data, the name of a variable or a path. */
export interface SeedSource {
  kind: SeedKind;
  text: string;
}

interface Sources {
  variables: string[];
  files: string[];
}

const LABELS: Record<SeedKind, string> = { typed: "typed", variable: "variable", file: "file" };

/** Chooses seeds: typed ones, a variable of the notebook, a file beside it. */
export function SeedPicker(properties: {
  source: SeedSource;
  setSource(source: SeedSource): void;
  placeholder: string;
  rows?: number;
  onEnter?(): void;
}) {
  const { source, setSource, placeholder, rows = 1, onEnter } = properties;
  const { kind, text } = source;
  const id = useId();
  const sources = useSources(kind);
  const type = (value: string) => setSource({ kind, text: value });
  return (
    <>
      <select
        className="dgf-input dgf-kind"
        aria-label="Where seeds come from"
        value={kind}
        onChange={(event) => setSource({ kind: event.target.value as SeedKind, text: "" })}
      >
        {Object.entries(LABELS).map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
      {kind === "variable" && (
        <select
          className="dgf-input dgf-seed"
          aria-label="Variable"
          value={text}
          onChange={(event) => type(event.target.value)}
        >
          <option value="">
            {sources.variables.length ? "choose a variable" : "no variable holds seeds"}
          </option>
          {sources.variables.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
      {kind === "file" && (
        <>
          <input
            className="dgf-input dgf-seed"
            aria-label="File"
            list={id}
            placeholder="seeds.jsonl"
            value={text}
            onChange={(event) => type(event.target.value)}
          />
          <datalist id={id}>
            {sources.files.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
      {kind === "typed" &&
        (rows > 1 ? (
          <textarea
            className="dgf-input dgf-code dgf-seed"
            aria-label="Seeds"
            dir="auto"
            rows={rows}
            placeholder={placeholder}
            value={text}
            onChange={(event) => type(event.target.value)}
          />
        ) : (
          <input
            className="dgf-input dgf-code dgf-seed"
            aria-label="Seed"
            dir="auto"
            placeholder={placeholder}
            value={text}
            onChange={(event) => type(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") onEnter?.();
            }}
          />
        ))}
    </>
  );
}

/** What may hold seeds, asked anew when a kind is chosen. */
function useSources(kind: SeedKind): Sources {
  const { requests } = useBridge();
  const [sources, setSources] = useState<Sources>({ variables: [], files: [] });
  useEffect(() => {
    if (kind === "typed") return;
    let isWanted = true;
    requests.ask<Sources>("sources").then(
      (found) => isWanted && setSources(found),
      () => undefined, // the choice stays empty; what is asked next says why
    );
    return () => {
      isWanted = false;
    };
  }, [requests, kind]);
  return sources;
}
