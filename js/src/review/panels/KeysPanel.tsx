import { KeyTable } from "../../shared/KeyTable";
import { KEYS } from "../keys";
import { Panel } from "./Panel";

/** All keys. */
export function KeysPanel({ close }: { close(): void }) {
  return (
    <Panel title="Keys" close={close}>
      <KeyTable keys={KEYS} />
      <p className="dgf-soft">They act while the review, and no text in it, has the focus.</p>
    </Panel>
  );
}
