import {
  type FormEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { useBridge } from "../../bridge/hooks";
import { Combobox } from "../../shared/Combobox";
import * as runsOf from "../runs";
import { records } from "../useDecisions";
import { useReview } from "../useReview";
import { Panel } from "./Panel";

/** A note for all selected records. */
export function NotePanel({ close }: { close(): void }) {
  const [text, setText] = useState("");
  const { count, act, problem, isBusy } = useSelected();
  const write = (event: { preventDefault(): void }) => {
    event.preventDefault();
    act("note", { text }).then((isDone) => isDone && close());
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) write(event);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <Remark title={`Note on ${records(count)}`} close={close} problem={problem} submit={write}>
      <label className="dgf-field">
        <span>Note</span>
        <textarea
          className="dgf-input"
          dir="auto"
          rows={3}
          value={text}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={press}
        />
        <small>
          Takes the place of the notes that they have; empty removes these. Z undoes it.
        </small>
      </label>
      <button type="submit" className="dgf-button dgf-main" disabled={isBusy || count === 0}>
        {text ? "Write it on" : "Remove it from"} {records(count)}
      </button>
    </Remark>
  );
}

/** Tags for all selected records, and those to take away. */
export function TagsPanel({ close }: { close(): void }) {
  const { requests } = useBridge();
  const id = useId();
  const [text, setText] = useState("");
  const [names, setNames] = useState<string[]>([]);
  const { count, act, problem, isBusy } = useSelected();
  const { fail } = useReview();
  const tags = text
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
  const canAct = !isBusy && count > 0 && tags.length > 0;
  const change = (values: object) =>
    canAct && act("tag", values).then((isDone) => isDone && setText(""));
  const add = (event: FormEvent) => {
    event.preventDefault();
    void change({ add: tags });
  };
  return (
    <Remark title={`Tags of ${records(count)}`} close={close} problem={problem} submit={add}>
      <div className="dgf-field">
        <span aria-hidden="true">Tags</span>
        <Combobox
          id={id}
          label="Tags, with commas between them"
          value={text}
          names={names}
          set={setText}
          prepare={() =>
            requests.ask<string[]>("tags").then(setNames, (error: Error) => fail(error, "table"))
          }
          placeholder="check, facts"
        />
        <small>Several with commas between them. Z undoes it.</small>
      </div>
      <div className="dgf-row">
        <button type="submit" className="dgf-button dgf-main" disabled={!canAct}>
          Add to {records(count)}
        </button>
        <button
          type="button"
          className="dgf-button"
          disabled={!canAct}
          onClick={() => void change({ remove: tags })}
        >
          Remove
        </button>
      </div>
    </Remark>
  );
}

/** A form about the selected rows, whose first field has the focus. */
function Remark(properties: {
  title: string;
  close(): void;
  submit(event: FormEvent): void;
  problem: string | null;
  children: ReactNode;
}) {
  const { title, close, submit, problem, children } = properties;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("textarea, input")?.focus(), []);
  return (
    <Panel title={title} close={close}>
      <form ref={form} onSubmit={submit}>
        {children}
      </form>
      {problem && (
        <div className="dgf-problem" role="alert" dir="auto">
          {problem}
        </div>
      )}
    </Panel>
  );
}

/** The selected rows, and acts on all of them at once. */
function useSelected() {
  const { found, runs, act } = useReview();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const change = async (action: "note" | "tag", values: object): Promise<boolean> => {
    if (!found) return false;
    setBusy(true);
    setProblem(null);
    try {
      await act(action, values, { selection: found.selection, runs });
      return true;
    } catch (error) {
      setProblem(`Nothing was changed: ${(error as Error).message}`);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { count: runsOf.size(runs), act: change, problem, isBusy };
}
