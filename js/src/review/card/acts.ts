import { createContext, useContext, useSyncExternalStore } from "react";
import type { FullRecord } from "../../shared/record";
import type { Drafts } from "./drafts";
import type { Layout } from "./layout";

/** What the card asks of the widget around it. Each is rejected when it is not done. */
export interface CardActs {
  /** Writes fields of a record, each given as JSON; rejected when it has another version than this one by now. */
  edit(id: number, version: number, fields: Record<string, string>): Promise<FullRecord>;
  note(id: number, text: string): Promise<unknown>;
  tag(id: number, add: string[], remove: string[]): Promise<unknown>;
  /** The record as it is now; it is what the card is drawn from then. */
  reload(id: number): Promise<FullRecord>;
  arrange(layout: Layout): Promise<unknown>;
  /** Shows another record. */
  open(id: number): void;
}

export interface CardState {
  record: FullRecord;
  acts: CardActs;
  drafts: Drafts;
  /** The kernel is gone: nothing can be saved, only read and copied. */
  isGone: boolean;
  /** It is a result, whose fields can be edited. */
  canEdit: boolean;
  /** Begins the edit of a field. */
  begin(field: string): void;
  /** Where the focus goes when a field's edit is over. */
  leave(field: string): void;
}

export const CardContext = createContext<CardState | null>(null);

export function useCard(): CardState {
  const state = useContext(CardContext);
  if (!state) throw new Error("used outside of a card");
  return state;
}

/** Draws anew whenever a draft changes. */
export function useDrafts(drafts: Drafts): void {
  useSyncExternalStore(drafts.subscribe, drafts.revision);
}
