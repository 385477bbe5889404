/** Text without a language of its own; in the bundle it also stands for `@codemirror/lang-html`. */

import { LanguageSupport, StreamLanguage } from "@codemirror/language";

const language = StreamLanguage.define({
  name: "prose",
  token: (stream) => {
    stream.skipToEnd();
    return null;
  },
});

export function html(): LanguageSupport {
  return new LanguageSupport(language);
}
