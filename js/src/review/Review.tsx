import { useCallback, useRef, useState } from "react";
import { Boundary } from "../shared/Boundary";
import { useDark } from "../shared/theme";
import { ColumnMenu } from "./ColumnMenu";
import type { Column } from "./columns";
import { DecisionBar } from "./DecisionBar";
import { Grid, ROW } from "./Grid";
import { type Command, commandOf } from "./keys";
import { Notices } from "./Notices";
import { ColumnsPanel } from "./panels/ColumnsPanel";
import { ExportPanel } from "./panels/ExportPanel";
import { FilterPanel } from "./panels/FilterPanel";
import { KeysPanel } from "./panels/KeysPanel";
import { NotePanel, TagsPanel } from "./panels/RemarkPanels";
import { RulesPanel } from "./panels/RulesPanel";
import { type PanePart, RecordPane, type Wish } from "./RecordPane";
import * as runsOf from "./runs";
import { StatusBar } from "./StatusBar";
import { type PanelName, Toolbar } from "./Toolbar";
import { useRecord } from "./useRecord";
import { ReviewContext, type ReviewState, useReviewState } from "./useReview";

const SHOWN: Record<PanelName, (properties: { close(): void }) => React.ReactNode> = {
  filter: FilterPanel,
  columns: ColumnsPanel,
  keys: KeysPanel,
  export: ExportPanel,
  rules: RulesPanel,
  note: NotePanel,
  tags: TagsPanel,
};

interface OpenMenu {
  column: Column;
  left: number;
  top: number;
}

/** The review of records: a table, and one of them for reading. */
export function Review() {
  const review = useReviewState();
  const dark = useDark();
  const root = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const [pane, setPane] = useState<PanePart | null>(null);
  const [wish, setWish] = useState<Wish | null>(null);
  const [panel, setPanel] = useState<PanelName | null>(null);
  const [isFull, setFull] = useState(false);
  const [menu, setMenu] = useState<OpenMenu | null>(null);
  const { current, column } = review;
  const looked = useRecord(
    pane ? (current?.id ?? null) : null,
    current?.version ?? null,
    review.fail,
  );

  const focus = useCallback(() => {
    // Where there is room for one of them, the record stands in the table's place.
    const isThere = grid.current?.checkVisibility() === true;
    const card = isThere
      ? null
      : root.current?.querySelector<HTMLElement>(".dgf-card, .dgf-record-trace");
    (card ?? grid.current)?.focus({ preventScroll: true });
  }, []);
  const openMenu = (of: Column, element: HTMLElement) => {
    const frame = root.current?.getBoundingClientRect();
    const head = element.getBoundingClientRect();
    if (!frame) return;
    const left = Math.max(4, Math.min(head.left - frame.left, frame.width - 190));
    setMenu({ column: of, left, top: head.bottom - frame.top });
  };
  const closePanel = () => {
    setPanel(null);
    focus();
  };
  const leave = (): boolean => {
    if (review.question) review.confirm(false);
    else if (wish) setWish(null);
    else if (panel) closePanel();
    else if (review.runs.length) review.setRuns(runsOf.NONE);
    else if (pane) setPane(null);
    else if (isFull) setFull(false);
    else return false;
    focus();
    return true;
  };
  const run = (command: Command): boolean => {
    switch (command.do) {
      case "decide":
        review.decide(command.status);
        return true;
      case "move":
        moveRow(review, command, grid.current);
        return true;
      case "column":
        moveColumn(review, command.by);
        return true;
      case "select":
        review.setRuns(runsOf.toggle(review.runs, review.position));
        return true;
      case "all":
        review.setRuns(runsOf.all(review.found?.total ?? 0));
        return true;
      case "undo":
      case "redo":
        review[command.do]();
        return true;
      case "pane":
        setPane(pane ? null : "card");
        return true;
      case "trace":
        setPane(pane === "trace" ? null : "trace");
        return true;
      case "edit":
      case "note":
      case "tag":
        if (command.do !== "edit" && review.runs.length) {
          setPanel(command.do === "tag" ? "tags" : "note");
          return true;
        }
        setPane("card");
        setWish({ do: command.do, field: column?.field ?? null });
        return true;
      case "search":
        search.current?.focus();
        search.current?.select();
        return true;
      case "filter":
        setPanel("filter");
        return true;
      case "keys":
        setPanel(panel === "keys" ? null : "keys");
        return true;
      case "menu": {
        const head =
          column && root.current?.querySelector(`[data-head="${CSS.escape(column.name)}"]`);
        if (head) openMenu(column, head as HTMLElement);
        return true;
      }
      case "leave":
        return leave();
    }
  };

  const classes = ["dgf-root", "dgf-review"];
  if (dark) classes.push("dgf-dark");
  if (isFull) classes.push("dgf-full");
  if (pane) classes.push("dgf-has-pane");
  if (panel) classes.push("dgf-has-side");
  const Shown = panel && SHOWN[panel];
  return (
    <ReviewContext value={review}>
      <div className="dgf-live dgf-frame">
        {/* biome-ignore lint/a11y/useSemanticElements: a group of many controls, no fieldset of a form */}
        <div
          ref={root}
          className={classes.join(" ")}
          role="group"
          aria-label={`Review of ${review.about.title}`}
          onKeyDown={(event) => {
            const target = event.target as HTMLElement;
            if (event.key === "Escape" && target.closest("input:not([type='checkbox']), select")) {
              focus(); // from a text to the table
            } else {
              const command = commandOf(event);
              if (!command || review.isGone) return;
              // What is pressed until the record is there to be edited is typed, no command; and
              // a question is answered before anything else.
              const isHeld = wish !== null || review.question !== null;
              if ((!isHeld || command.do === "leave") && !run(command)) return;
            }
            event.preventDefault();
            event.stopPropagation();
          }}
        >
          <Toolbar
            search={search}
            panel={panel}
            setPanel={setPanel}
            isOpen={pane !== null}
            setOpen={(isOpen) => setPane(isOpen ? "card" : null)}
            isFull={isFull}
            setFull={setFull}
          />
          <StatusBar />
          <Notices />
          <div className="dgf-review-body">
            <Boundary part="The table">
              <Grid focus={grid} menu={openMenu} open={() => setPane("card")} />
            </Boundary>
            {pane && (
              <Boundary part="The record">
                <RecordPane
                  looked={looked}
                  part={pane}
                  setPart={setPane}
                  wish={wish}
                  setWish={setWish}
                  focus={focus}
                />
              </Boundary>
            )}
            {Shown && !review.isGone && (
              <Boundary part="The panel">
                <Shown close={closePanel} />
              </Boundary>
            )}
          </div>
          <DecisionBar focus={focus} />
          {menu && (
            <ColumnMenu
              {...menu}
              close={() => {
                setMenu(null);
                focus();
              }}
              filter={() => {
                review.goColumn(menu.column.name);
                setPanel("filter");
              }}
            />
          )}
        </div>
      </div>
    </ReviewContext>
  );
}

function moveRow(
  review: ReviewState,
  { by, isRange }: Extract<Command, { do: "move" }>,
  grid: HTMLElement | null,
) {
  const { position, found, runs } = review;
  const page = Math.max(1, Math.floor((grid?.clientHeight ?? 0) / ROW) - 2);
  const steps = {
    page,
    "-page": -page,
    first: Number.NEGATIVE_INFINITY,
    last: Number.POSITIVE_INFINITY,
  };
  const last = Math.max(0, (found?.total ?? 0) - 1);
  const to = Math.max(0, Math.min(position + (typeof by === "number" ? by : steps[by]), last));
  if (isRange) review.setRuns(runsOf.add(runs, position, to));
  review.go(to);
}

function moveColumn(review: ReviewState, by: number) {
  const { shown, column } = review;
  const at = shown.findIndex((each) => each.name === column?.name);
  const next = shown[Math.max(0, Math.min(at + by, shown.length - 1))];
  if (next) review.goColumn(next.name);
}
