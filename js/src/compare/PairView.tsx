import { useMemo } from "react";
import { LongText, Marked } from "../shared/LongText";
import { textIn } from "../shared/numbers";
import { type FullRecord, OUTCOMES } from "../shared/record";
import { Source } from "../shared/Source";
import type { Side } from "./protocol";
import { type Field, fieldsOf, isPrompt, markedOf, type Piece, seedFields } from "./sides";
import { useCompare } from "./useCompare";
import type { Both } from "./usePairRecords";

/** Two records of one seed, field by field. */
export function PairView({ both, isMarked }: { both: Both | null; isMarked: boolean }) {
  const { isFlipped, pairs, list, shown } = useCompare();
  if (!both) {
    const isEmpty = pairs !== null && list.length === 0;
    const none = shown === "different" ? "No pair differs." : "No such pair.";
    return (
      <section className="dgf-pair" aria-label="Pair" aria-busy={!isEmpty}>
        {isEmpty && <p className="dgf-soft dgf-pair-none">{none}</p>}
      </section>
    );
  }
  const [left, right] = isFlipped ? [both.right, both.left] : [both.left, both.right];
  return <Shown left={left} right={right} isMarked={isMarked} />;
}

function Shown(properties: { left: FullRecord; right: FullRecord; isMarked: boolean }) {
  const { left, right, isMarked } = properties;
  const { isFlipped, isBlind, about, place, list } = useCompare();
  const fields = useMemo(() => fieldsOf(left, right), [left, right]);
  const seed = useMemo(() => seedFields(left, right), [left, right]);
  const differing = fields.filter(({ kind }) => kind !== "same");
  // What was asked says which job it was.
  const folded = isBlind ? differing.filter(({ name }) => isPrompt(name)) : [];
  const different = differing.filter((field) => !folded.includes(field));
  const same = fields.filter(({ kind }) => kind === "same");
  const names = same.map(({ name }) => name).join(", ");
  const [of, other] = isFlipped ? [about.right, about.left] : [about.left, about.right];
  const branch = left.branch ? `, branch ${left.branch}` : "";
  const again = left.repetition ? `, repetition ${left.repetition}` : "";
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: nobody could scroll it by keyboard
    <section className="dgf-pair" aria-label={`Pair ${place + 1} of ${list.length}`} tabIndex={0}>
      <div className="dgf-seed">
        <h3>
          Seed {left.seed_index}
          <span className="dgf-soft">
            {again}
            {branch}
          </span>
        </h3>
        <dl>
          {seed.map(([name]) => (
            <div key={name}>
              <dt dir="auto">{name}</dt>
              <dd>
                <LongText text={textIn(left.metadata, name)} label={name} most={400} lines={6} />
              </dd>
            </div>
          ))}
        </dl>
      </div>
      <div className="dgf-both dgf-both-head">
        <Head side="Left" of={of} record={left} isBlind={isBlind} />
        <Head side="Right" of={other} record={right} isBlind={isBlind} />
      </div>
      {different.map((field) => (
        <Compared key={field.name} field={field} isMarked={isMarked} />
      ))}
      {folded.length > 0 && (
        <details className="dgf-same" key={`${left.id} ${right.id}`}>
          <summary>
            What the model was asked differs, and may tell whose is whose:{" "}
            <bdi>{folded.map(({ name }) => name).join(", ")}</bdi>
          </summary>
          {folded.map((field) => (
            <Compared key={field.name} field={field} isMarked={isMarked} />
          ))}
        </details>
      )}
      {differing.length === 0 && <p className="dgf-soft">Every field is the same on both sides.</p>}
      {same.length > 0 && (
        <details className="dgf-same" open={different.length === 0}>
          <summary>
            {same.length === 1 ? "1 field is" : `${same.length} fields are`} the same:{" "}
            <bdi>{names}</bdi>
          </summary>
          {same.map(({ name, texts }) => (
            <div key={name} className="dgf-compared">
              <h4 dir="auto">{name}</h4>
              <LongText text={texts[0]} label={name} />
            </div>
          ))}
        </details>
      )}
    </section>
  );
}

function Head(properties: { side: string; of: Side; record: FullRecord; isBlind: boolean }) {
  const { side, of, record, isBlind } = properties;
  const isOutcome = (OUTCOMES as readonly string[]).includes(record.status);
  return (
    <div className="dgf-side-head">
      <b>{side}</b>
      {!isBlind && (
        <span className="dgf-soft" dir="auto">
          {of.name}, {of.pipeline}, record {record.id}
          {record.model && `, ${record.model}`}
        </span>
      )}
      {(isOutcome || !isBlind) && (
        <span className={`dgf-status dgf-status-${record.status}`}>{record.status}</span>
      )}
      {isOutcome && record.reason && (
        <div className="dgf-problem" dir="auto">
          {record.reason}
        </div>
      )}
    </div>
  );
}

function Compared({ field, isMarked }: { field: Field; isMarked: boolean }) {
  const { name, texts, kind } = field;
  const marked = useMemo(() => (kind === "different" ? markedOf(texts) : null), [kind, texts]);
  const shown = isMarked ? marked : null;
  return (
    <div className="dgf-compared">
      <h4 dir="auto">
        {name}
        {kind === "different" && marked === null && isMarked && (
          <span className="dgf-soft"> (they have little in common: nothing is marked)</span>
        )}
      </h4>
      <div className="dgf-both">
        <Value
          name={name}
          side="Left"
          text={texts[0]}
          isThere={kind !== "right"}
          pieces={shown?.left}
        />
        <Value
          name={name}
          side="Right"
          text={texts[1]}
          isThere={kind !== "left"}
          pieces={shown?.right}
        />
      </div>
    </div>
  );
}

function Value(properties: {
  name: string;
  side: string;
  text: string;
  isThere: boolean;
  pieces: Piece[] | undefined;
}) {
  const { name, side, text, isThere, pieces } = properties;
  const label = `${name}, ${side.toLowerCase()}`;
  return (
    <div className="dgf-side-value">
      <small className="dgf-soft" aria-hidden="true">
        {side}
      </small>
      {!isThere && <i className="dgf-soft">no such field</i>}
      {isThere && !pieces && <LongText text={text} label={label} />}
      {isThere && pieces && (
        <Source className="dgf-text" label={label}>
          {text === "" && <i className="dgf-soft">empty text</i>}
          {pieces.map(({ text: piece, isOwn }, number) => {
            // biome-ignore-start lint/suspicious/noArrayIndexKey: pieces have no other name, and never move
            if (!isOwn) return <Marked key={number} text={piece} />;
            return (
              <mark key={number} className="dgf-own">
                <Marked text={piece} />
              </mark>
            );
            // biome-ignore-end lint/suspicious/noArrayIndexKey: as above
          })}
        </Source>
      )}
    </div>
  );
}
