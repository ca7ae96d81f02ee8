// The reader's language: chosen by ?lang=, then by an earlier choice, then by the browser.

import { en, type Key } from "./en.ts";
import { ko } from "./ko.ts";

export type { Key };
export type Language = "en" | "ko";
export const languages: readonly { id: Language; name: string }[] = [
  { id: "ko", name: "한국어" },
  { id: "en", name: "English" },
];
const texts: Record<Language, Record<Key, string>> = { en, ko };
export const locales: Record<Language, string> = { en: "en-GB", ko: "ko-KR" };

export function choose_language(asked: string | null, stored: string | null, browser: readonly string[]): Language {
  for (const wish of [asked, stored, ...browser]) {
    const id = wish?.toLowerCase().split("-")[0];
    if (id === "en" || id === "ko") return id;
  }
  return "en";
}

export type Translate = (key: Key, values?: Record<string, string | number>) => string;

export function translator(language: Language): Translate {
  return (key, values = {}) => fill(texts[language][key], values);
}

export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
