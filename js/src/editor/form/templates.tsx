/** What the form library draws around the values: labels, help, lists. */

import {
  type ArrayFieldItemTemplateProps,
  type ArrayFieldTemplateProps,
  type FieldTemplateProps,
  getUiOptions,
  type ObjectFieldTemplateProps,
  type TemplatesType,
} from "@rjsf/utils";
import { type ReactNode, useRef } from "react";
import { flushSync } from "react-dom";
import type { Json } from "../../shared/json";
import { shown } from "./schema";

function FieldTemplate(properties: FieldTemplateProps) {
  const { id, label, schema, children, hidden, required, rawDescription, uiSchema } = properties;
  const { fieldPathId, formData, onChange } = properties;
  if (hidden) return <div hidden>{children}</div>;
  if (fieldPathId.path.length === 0) return children;
  const { isInner, fallback } = getUiOptions(uiSchema);
  const words = [schema.type].flat();
  const isNullable = words.includes("null") && fallback !== undefined && fallback !== null;
  const isNested = words.includes("array") || words.includes("object");
  const classes = ["dgf-form-field"];
  if (isInner) classes.push("dgf-inner");
  if (words.includes("boolean") && words.length === 1) classes.push("dgf-form-check");
  const change = (value: unknown) => onChange(value, fieldPathId.path, undefined, `${id}!`);
  const clear = shown(fallback as Json | undefined);
  return (
    <div className={classes.join(" ")}>
      <div className="dgf-form-label">
        <label id={`${id}__label`} htmlFor={id}>
          {label}
          {required ? <span title="required"> *</span> : null}
        </label>
        {!isInner && isNullable && formData !== null && (
          <Small label={`Set ${label} to null`} onClick={() => change(null)}>
            null
          </Small>
        )}
        {!isInner && !required && formData !== undefined && (
          <Small
            label={`Clear ${label}${clear && clear.length < 40 ? `: back to ${clear}` : ""}`}
            onClick={() => change(undefined)}
          >
            clear
          </Small>
        )}
      </div>
      {isNested && formData === undefined && clear && (
        <div className="dgf-soft dgf-code">default: {clear}</div>
      )}
      {isNullable && formData === null ? <div className="dgf-form-null">null</div> : children}
      <small id={`${id}__help`}>{rawDescription}</small>
    </div>
  );
}

export function Small(properties: {
  label: string;
  onClick(): void;
  disabled?: boolean;
  children: ReactNode;
}) {
  const { label, onClick, disabled, children } = properties;
  return (
    <button
      type="button"
      className="dgf-small"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

function ObjectFieldTemplate({ properties, fieldPathId }: ObjectFieldTemplateProps) {
  const all = properties.map((property) => property.content);
  if (fieldPathId.path.length === 0) return <div>{all}</div>;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would want a legend of its own
    <div className="dgf-form-group" role="group" aria-labelledby={`${fieldPathId.$id}__label`}>
      {all}
    </div>
  );
}

function ArrayFieldTemplate(properties: ArrayFieldTemplateProps) {
  const { items, canAdd, onAddClick, fieldPathId, title } = properties;
  const id = fieldPathId.$id;
  const list = useRef<HTMLDivElement>(null);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would want a legend of its own
    <div
      ref={list}
      className="dgf-form-group"
      role="group"
      aria-labelledby={`${id}__label`}
      aria-describedby={`${id}__help`}
    >
      {items}
      {canAdd && (
        <button
          type="button"
          id={id}
          className="dgf-button"
          aria-label={`Add to ${title}`}
          onClick={(event) => {
            andFocus(
              () => onAddClick(event),
              () => last(list.current, "input, select, textarea, .cm-content"),
            );
          }}
        >
          Add
        </button>
      )}
    </div>
  );
}

function ArrayFieldItemTemplate({ children, buttonsProps, index }: ArrayFieldItemTemplateProps) {
  const { hasMoveUp, hasMoveDown, hasRemove } = buttonsProps;
  const number = index + 1;
  return (
    <div className="dgf-form-row">
      <div className="dgf-form-row-value">{children}</div>
      <Small
        label={`Move entry ${number} up`}
        disabled={!hasMoveUp}
        onClick={buttonsProps.onMoveUpItem}
      >
        ↑
      </Small>
      <Small
        label={`Move entry ${number} down`}
        disabled={!hasMoveDown}
        onClick={buttonsProps.onMoveDownItem}
      >
        ↓
      </Small>
      <Small
        label={`Remove entry ${number}`}
        disabled={!hasRemove}
        onClick={buttonsProps.onRemoveItem}
      >
        ×
      </Small>
    </div>
  );
}

export function last(within: HTMLElement | null, selector: string): HTMLElement | undefined {
  return [...(within?.querySelectorAll<HTMLElement>(selector) ?? [])].at(-1);
}

/** Do something and focus what is there then, before the next key is pressed. */
export function andFocus(act: () => void, find: () => HTMLElement | undefined): void {
  flushSync(act);
  find()?.focus();
}

export const TEMPLATES: Partial<TemplatesType> = {
  FieldTemplate,
  ObjectFieldTemplate,
  ArrayFieldTemplate,
  ArrayFieldItemTemplate,
};
