import Form from "@rjsf/core";
import validator from "@rjsf/validator-ajv8";
import { useMemo, useState } from "react";
import type { Json } from "../../shared/json";
import type { ConfigSchema } from "../protocol";
import { type Facts, FactsContext } from "./facts";
import "./forms.css";
import { given, isStructural } from "./given";
import { JsonField } from "./JsonField";
import { MapField } from "./MapField";
import { formLayout, formSchema } from "./schema";
import { TEMPLATES } from "./templates";
import { WIDGETS } from "./widgets";

const FIELDS = { json: JsonField, map: MapField };

/** Forms on this page: two views of one editor are not to share their elements' ids. */
let made = 0;

/** A block's configuration as a form made of what the block says about it. */
export function ConfigForm(properties: {
  config: ConfigSchema;
  values: Readonly<Record<string, Json>>;
  facts: Facts;
  /** The configuration after an edit; `topic` names what is typed in, null is a step of its own. */
  onChange(values: Record<string, Json>, topic: string | null): void;
}) {
  const { config, values, facts, onChange } = properties;
  const [id] = useState(() => `dgf${made++}`);
  const extra = Object.keys(values)
    .filter((key) => !(key in config))
    .join("\n");
  const [schema, layout] = useMemo(() => {
    const keys = extra === "" ? [] : extra.split("\n");
    return [formSchema(config, keys), formLayout(config, keys)];
  }, [config, extra]);
  return (
    <FactsContext value={facts}>
      <Form
        tagName="div"
        schema={schema}
        uiSchema={layout}
        formData={values}
        validator={validator}
        widgets={WIDGETS}
        fields={FIELDS}
        templates={TEMPLATES}
        experimental_defaultFormStateBehavior={{ emptyObjectFields: "skipDefaults" }}
        showErrorList={false}
        noValidate
        idPrefix={id}
        onChange={({ formData }, key) => {
          const next = given(formData as Record<string, Json>, values, config);
          if (JSON.stringify(next) === JSON.stringify(values)) return;
          const isStep = isStructural(next, values) || key?.endsWith("!") === true;
          onChange(next, isStep ? null : `config.${key ?? ""}`);
        }}
      />
    </FactsContext>
  );
}
