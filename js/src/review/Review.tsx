import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Boundary } from "../shared/Boundary";
import { useDark } from "../shared/theme";
import { ColumnMenu } from "./ColumnMenu";
import type { Column } from "./columns";
import type { Cursor } from "./cursor";
import { DecisionBar } from "./DecisionBar";
import { Grid, ROW } from "./Grid";
import { type Command, commandOf } from "./keys";
import { Nothing } from "./Nothing";
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
  const { current, column, cursor, turns, fail, clear } = review;
  const looked = useRecord(
    pane ? (current?.id ?? null) : null,
    current?.version ?? null,
    useCallback((error: Error) => fail(error, "record"), [fail]),
    useCallback(() => clear("record"), [clear]),
  );

  const focus = useCallback(() => {
    // Where there is room for one of them, the record stands in the table's place.
    const isThere = grid.current?.checkVisibility() === true;
    const card = isThere
      ? null
      : (root.current?.querySelector<HTMLElement>(".dgf-card, .dgf-record-trace") ??
        root.current?.querySelector<HTMLElement>(".dgf-pane"));
    (card ?? grid.current)?.focus({ preventScroll: true });
  }, []);
  const openMenu = (of: Column, element: HTMLElement) => {
    const frame = root.current?.getBoundingClientRect();
    const head = element.getBoundingClientRect();
    if (!frame) return;
    const left = Math.max(4, Math.min(head.left - frame.left, frame.width - 190));
    setMenu({ column: of, left, top: head.bottom - frame.top });
  };
  const closePanel = () => setPanel(null);
  const beside = Number(pane !== null) + Number(panel !== null);
  const before = useRef(beside);
  // Once what stood in the table's place is gone, not before.
  useLayoutEffect(() => {
    const isHidden = document.activeElement === grid.current && !grid.current?.checkVisibility();
    if (beside < before.current || isHidden) focus();
    before.current = beside;
  }, [beside, focus]);
  // The record that was to be edited does not come.
  const { missing, found, notices } = review;
  const isLost = missing !== null || !found?.total || notices.some(([about]) => about === "record");
  useEffect(() => {
    if (isLost) setWish(null);
  }, [isLost]);
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
        turns.take(() => moveRow(cursor, command, grid.current));
        return true;
      case "column":
        moveColumn(review, command.by);
        return true;
      case "select":
        turns.take(() => void cursor.toggle(cursor.position));
        return true;
      case "all":
        turns.take(() => void cursor.select(runsOf.all(cursor.total)));
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
        if (command.do !== "edit" && cursor.runs.length) {
          setPanel(command.do === "tag" ? "tags" : "note");
          return true;
        }
        if (cursor.total === 0 || (missing && !turns.isBusy)) {
          review.tell(missing ? `Record ${missing.id} was deleted.` : "There is no record.");
          return true;
        }
        setPane("card");
        // What is typed from now on is not taken for commands; which record it is may come later.
        setWish({ do: command.do, field: column?.field ?? null, isReady: false });
        turns.take(() => void setWish((held) => held && { ...held, isReady: true }));
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
              <div className="dgf-table">
                <Grid focus={grid} menu={openMenu} open={() => setPane("card")} />
                <Nothing focus={focus} />
              </div>
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
  cursor: Cursor,
  { by, isRange }: Extract<Command, { do: "move" }>,
  grid: HTMLElement | null,
): undefined {
  const page = Math.max(1, Math.floor((grid?.clientHeight ?? 0) / ROW) - 2);
  const steps = {
    page,
    "-page": -page,
    first: Number.NEGATIVE_INFINITY,
    last: Number.POSITIVE_INFINITY,
  };
  const to = cursor.position + (typeof by === "number" ? by : steps[by]);
  if (isRange) cursor.reach(to);
  else cursor.go(to);
}

function moveColumn(review: ReviewState, by: number) {
  const { shown, column } = review;
  const at = shown.findIndex((each) => each.name === column?.name);
  const next = shown[Math.max(0, Math.min(at + by, shown.length - 1))];
  if (next) review.goColumn(next.name);
}
