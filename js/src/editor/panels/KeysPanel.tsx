import { KeyTable } from "../../shared/KeyTable";
import { Panel } from "./Panel";

const KEYS: [string, string][] = [
  ["↑ ↓ ← →", "select the block before or after"],
  ["Shift with an arrow", "move the selected block"],
  ["/", "search the palette; Enter adds the first match"],
  ["Enter", "to the selected block's settings"],
  ["D", "duplicate"],
  ["X", "disable or enable"],
  ["Delete", "delete"],
  ["Ctrl+C, Ctrl+V", "copy the selected block as YAML, paste blocks after it"],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo"],
  ["Ctrl+S", "save a version"],
  ["Esc", "back: from a field to the blocks, from a block to the pipeline, from full screen"],
];

export function KeysPanel({ close }: { close(): void }) {
  return (
    <Panel title="Keys" close={close}>
      <KeyTable keys={KEYS} />
      <p className="dgf-soft">They act while the editor, and no text field in it, has the focus.</p>
    </Panel>
  );
}
