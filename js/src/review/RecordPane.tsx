import { useEffect, useRef } from "react";
import { useBridge } from "../bridge/hooks";
import type { FullRecord } from "../shared/record";
import { RecordTrace } from "../trace/RecordTrace";
import type { CardActs } from "./card/acts";
import { Card, type CardHandle } from "./card/Card";
import { draftsOf } from "./card/drafts";
import { isOutcome } from "./useDecisions";
import type { LookedAt } from "./useRecord";
import { useReview } from "./useReview";

/** What is read of a record: its fields, or what happened. */
export type PanePart = "card" | "trace";

/** What a key asked for, to be done once the record is there. */
export interface Wish {
  do: "edit" | "note" | "tag";
  /** The field of the column that keys act on. */
  field: string | null;
  /** The row it means is the current one. */
  isReady: boolean;
}

export interface PaneProperties {
  looked: LookedAt;
  part: PanePart;
  setPart(part: PanePart): void;
  wish: Wish | null;
  setWish(wish: Wish | null): void;
  /** Gives the focus back to the table, or to the record that stands in its place. */
  focus(): void;
}

/** One record for reading, beside the table or in its place. */
export function RecordPane({ looked, part, setPart, wish, setWish, focus }: PaneProperties) {
  const review = useReview();
  const { model, requests } = useBridge();
  const card = useRef<CardHandle>(null);
  const pane = useRef<HTMLDivElement>(null);
  const acts = useCardActs(looked);
  const { record } = looked;
  const { tell } = review;
  const isHere = record !== null && record.id === review.current?.id;

  useEffect(() => {
    if (!wish?.isReady || !isHere) return;
    setWish(null);
    if (wish.do !== "edit") card.current?.[wish.do]();
    else if (!isOutcome(record.status)) card.current?.edit(wish.field);
    else tell(`Record ${record.id} is ${record.status}: no result to edit.`);
  }, [wish, isHere, record, setWish, tell]);
  const isThere = record !== null;
  useEffect(() => {
    const held = document.activeElement;
    const hasFocus = held !== document.body && held !== pane.current && held?.checkVisibility();
    if (isThere && !hasFocus) focus(); // the table made room for it
  }, [isThere, focus]);

  return (
    <div ref={pane} tabIndex={-1} className="dgf-pane dgf-pane-card" aria-busy={!isHere}>
      {review.missing && <p className="dgf-empty">Record {review.missing.id} was deleted.</p>}
      {review.found?.total === 0 && <p className="dgf-empty">There is no record.</p>}
      {record && <Parts part={part} setPart={setPart} />}
      {record && part === "trace" && (
        <RecordTrace
          // Attempts share their place: what one of them offers stays when another one is shown.
          key={[record.job_id, record.seed_index, record.repetition, record.branch].join()}
          id={record.id}
          isGone={review.isGone}
          onCurrent={review.becameCurrent}
        />
      )}
      {record && part === "card" && (
        <Card
          record={record}
          layout={review.layout}
          search={review.query.search ?? ""}
          tags={() => requests.ask<string[]>("tags")}
          drafts={draftsOf(model)}
          acts={acts}
          isGone={review.isGone}
          handle={card}
        />
      )}
    </div>
  );
}

const PARTS: Record<PanePart, string> = { card: "Fields", trace: "Trace" };

function Parts({ part, setPart }: Pick<PaneProperties, "part" | "setPart">) {
  return (
    <fieldset className="dgf-pane-parts" aria-label="What is read of the record">
      {(Object.keys(PARTS) as PanePart[]).map((name) => (
        <button
          key={name}
          type="button"
          className="dgf-small"
          aria-pressed={part === name}
          title={
            name === "trace" ? "What happened, step by step (T)" : "Its fields, to read and to edit"
          }
          onClick={() => setPart(name)}
        >
          {PARTS[name]}
        </button>
      ))}
    </fieldset>
  );
}

/** What the card does, by way of the review: in order with its decisions, and undone with them. */
function useCardActs({ reload, put }: LookedAt): CardActs {
  const review = useReview();
  const { requests } = useBridge();
  const { rows, found } = review;
  const act = async (action: "note" | "tag" | "edit", id: number, values: object) => {
    const acted = await review.act(action, values, { ids: [id] });
    if (acted.record) put(acted.record);
    return acted;
  };
  return {
    edit: async (id, version, fields) => {
      const { record } = await act("edit", id, { id, version, fields });
      return record as FullRecord;
    },
    note: (id, text) => act("note", id, { text }),
    tag: (id, add, remove) => act("tag", id, { add, remove }),
    reload: (id) => {
      rows.refresh();
      return reload(id);
    },
    arrange: async (layout) => review.setLayout({ ...review.layout, ...layout }),
    open: (id) => {
      const here = rows.positionOf(id);
      if (here !== null) return review.go(here);
      requests.ask<number | null>("position", { selection: found?.selection, id }).then(
        (position) => {
          if (position !== null) review.go(position);
          else review.tell(`Record ${id} is not among the records shown: change the filter.`);
        },
        (error: Error) => review.fail(error, "table"),
      );
    },
  };
}
