import "./card.css";
import {
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { Boundary } from "../../shared/Boundary";
import { SearchContext } from "../../shared/LongText";
import type { FullRecord } from "../../shared/record";
import { hitsOf } from "../../shared/visible";
import { Arrange } from "./Arrange";
import { type CardActs, CardContext, useDrafts } from "./acts";
import type { Drafts } from "./drafts";
import { Field } from "./Field";
import { Head } from "./Head";
import { type Layout, layoutOf, type StoredLayout, stored } from "./layout";
import { MinorField } from "./MinorField";
import { Note } from "./Note";
import { Tags } from "./Tags";
import { Unsaved } from "./Unsaved";
import type { View } from "./Value";

/** What keys do in the card. */
export interface CardHandle {
  /** Begins the edit of the field that has the focus, else of this one, else of the first. */
  edit(field: string | null): void;
  note(): void;
  tag(): void;
}

export interface CardProperties {
  record: FullRecord;
  /** Which fields are large, small and not shown, as it is stored for the pipeline. */
  layout: StoredLayout;
  /** What the table is searched for. */
  search: string;
  /** Tags to offer, asked for when one is about to be given. */
  tags(): Promise<string[]>;
  drafts: Drafts;
  acts: CardActs;
  isGone: boolean;
  handle?: Ref<CardHandle>;
}

/** One record for reading, and for editing in place. */
export function Card(properties: CardProperties) {
  const { record, search, tags, drafts, acts, isGone, handle } = properties;
  const root = useRef<HTMLElement>(null);
  const [views, setViews] = useState<Record<string, View>>({});
  const [isArranging, setArranging] = useState(false);
  useDrafts(drafts);
  const layout = layoutOf(record, properties.layout);
  const hits = useMemo(() => hitsOf(search), [search]);
  const canEdit = record.status !== "failed" && record.status !== "filtered";

  // What shall have the focus may have to be drawn first; keys that follow are for it already.
  const wanted = useRef<string | null>(null);
  const [, draw] = useState(0);
  const focus = (selector: string) => {
    wanted.current = selector;
    draw((count) => count + 1);
  };
  useEffect(() => {
    const element = wanted.current && root.current?.querySelector<HTMLElement>(wanted.current);
    if (!element) return;
    wanted.current = null;
    element.focus();
  });
  const fieldOf = (name: string) => `[data-field="${CSS.escape(name)}"]`;
  const begin = (name: string) => {
    if (!canEdit || isGone) return;
    if (!drafts.get(record.id, `field ${name}`)) {
      drafts.begin(record.id, `field ${name}`, record.state, name);
    }
    focus(`${fieldOf(name)} :is(textarea, .cm-content, [data-first])`);
  };
  const leave = (name: string) => focus(`${fieldOf(name)} :is([data-edit], .dgf-card-minor-line)`);
  useImperativeHandle(handle, () => ({
    edit: (field) => {
      const here = document.activeElement?.closest<HTMLElement>("[data-field]");
      const focused = root.current?.contains(here ?? null) ? here?.dataset.field : undefined;
      const asked = field !== null && record.fields.includes(field) ? field : undefined;
      const name = focused ?? asked ?? layout.primary[0] ?? layout.secondary[0];
      if (name !== undefined) begin(name);
    },
    note: () => root.current?.querySelector<HTMLElement>("[data-note]")?.focus(),
    tag: () => root.current?.querySelector<HTMLElement>(".dgf-card-tags input")?.focus(),
  }));

  // biome-ignore lint/correctness/useExhaustiveDependencies: another record is read from its start
  useLayoutEffect(() => {
    wanted.current = null;
    if (root.current) root.current.scrollTop = 0;
  }, [record.id]);

  const arrange = (next: Layout) => acts.arrange(stored(next, properties.layout));
  const look = (name: string) => (view: View) => setViews((now) => ({ ...now, [name]: view }));
  return (
    <CardContext value={{ record, acts, drafts, isGone, canEdit, begin, leave }}>
      <SearchContext value={hits}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and takes the focus back */}
        <section ref={root} className="dgf-card" aria-label={`Record ${record.id}`} tabIndex={0}>
          <Head />
          <Unsaved />
          <div className="dgf-card-remarks">
            <Tags key={`tags ${record.id}`} known={tags} />
            <Note key={`note ${record.id}`} />
          </div>
          {layout.primary.map((name) => (
            <Boundary key={name} part={name}>
              <Field name={name} view={views[name] ?? null} look={look(name)} />
            </Boundary>
          ))}
          {layout.secondary.map((name) => (
            <Boundary key={name} part={name}>
              <MinorField name={name} view={views[name] ?? null} look={look(name)} />
            </Boundary>
          ))}
          <div className="dgf-row">
            {layout.hidden.length > 0 && (
              <span className="dgf-soft" dir="auto">
                Not shown: {layout.hidden.join(", ")}
              </span>
            )}
            <span className="dgf-space" />
            <button
              type="button"
              className="dgf-small"
              aria-expanded={isArranging}
              disabled={isGone}
              onClick={() => setArranging(!isArranging)}
            >
              Arrange fields
            </button>
          </div>
          {isArranging && <Arrange layout={layout} arrange={arrange} />}
        </section>
      </SearchContext>
    </CardContext>
  );
}
