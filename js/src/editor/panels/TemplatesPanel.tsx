import { useBridge } from "../../bridge/hooks";
import type { Definition } from "../definition";
import { useEditor } from "../useEditor";
import { Panel } from "./Panel";

/** Ready-made pipelines to start from; the name stays. */
export function TemplatesPanel({ close }: { close(): void }) {
  const editor = useEditor();
  const { requests } = useBridge();
  const take = (id: string) =>
    requests.ask<Definition>("template", { id }).then((definition) => {
      editor.edit({ ...definition, name: editor.definition.name });
      editor.select(null);
      close();
    }, editor.tell);
  return (
    <Panel title="Templates" close={close}>
      <p className="dgf-soft">A template takes the place of all blocks; Undo brings them back.</p>
      {editor.catalog?.templates.map(({ id, name, description }) => (
        <button key={id} type="button" className="dgf-item" onClick={() => void take(id)}>
          <span className="dgf-item-name">{name}</span>
          <span className="dgf-item-about">{description}</span>
        </button>
      ))}
    </Panel>
  );
}
