import { createContext, useContext } from "react";
import type { Available } from "./unknown";

/** What the forms know of the place where their block stands. */
export interface Facts extends Available {
  models: readonly string[];
}

const NOTHING: Facts = { fields: [], seed: null, isOpen: true, models: [] };

/** Not the form library's own context: that one draws everything anew. */
export const FactsContext = createContext<Facts>(NOTHING);

export function useFacts(): Facts {
  return useContext(FactsContext);
}
