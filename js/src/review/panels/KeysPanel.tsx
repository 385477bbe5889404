import { KEYS } from "../keys";
import { Panel } from "./Panel";

/** All keys. */
export function KeysPanel({ close }: { close(): void }) {
  return (
    <Panel title="Keys" close={close}>
      <table className="dgf-keys">
        <tbody>
          {KEYS.map(([keys, does]) => (
            <tr key={keys}>
              <th scope="row">{keys}</th>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="dgf-soft">They act while the review, and no text in it, has the focus.</p>
    </Panel>
  );
}
