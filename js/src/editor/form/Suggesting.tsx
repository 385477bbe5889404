import type { WidgetProps } from "@rjsf/utils";
import { Combobox } from "../../shared/Combobox";

/** One of several names, or any other text: the names are offered, nothing is refused. */
export function Suggesting(properties: WidgetProps & { names: readonly string[] }) {
  const { id, label, value, onChange, placeholder, required, names, options } = properties;
  return (
    <Combobox
      id={id}
      label={label}
      labelledBy={`${id}__label`}
      describedBy={`${id}__help`}
      value={typeof value === "string" ? value : ""}
      names={names}
      set={(next) => onChange(next === "" ? options.emptyValue : next)}
      placeholder={placeholder}
      required={required}
    />
  );
}
