type Words = { [key: string]: string | Words };
type SameKeys<T> = { [Key in keyof T]: T[Key] extends string ? string : SameKeys<T[Key]> };

/** The words of one area in both languages: the compiler finds what one of them lacks. */
export function bilingual<T extends Words>(zh: T, en: SameKeys<T>): { zh: T; en: SameKeys<T> } {
  return { zh, en };
}
