import { language } from "../i18n";

const tags = { zh: "zh-CN", en: "en-GB" } as const;
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();
let zone: string | undefined;

/** Times are shown in the shop's time zone, as its settings name it. */
export function showTimesIn(timezone: string): void {
  zone = timezone;
  made.clear();
}

export function yuan(amount: number): string {
  return numbers("yuan", { style: "currency", currency: "CNY", currencyDisplay: "narrowSymbol" }).format(amount);
}

export function count(value: number): string {
  return numbers("count", {}).format(value);
}

export function percent(part: number): string {
  return numbers("percent", { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" }).format(part);
}

/** A moment (Unix seconds), to the minute. */
export function moment(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "—";
  return dates("moment", { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false }).format(
    seconds * 1000,
  );
}

/** A moment without its year, for rows. */
export function shortMoment(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "—";
  return dates("short", { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false }).format(seconds * 1000);
}

export function dayOf(seconds: number): string {
  return dates("day", { month: "2-digit", day: "2-digit" }).format(seconds * 1000);
}

export function hourOf(seconds: number): string {
  return dates("hour", { hour: "2-digit", minute: "2-digit", hour12: false }).format(seconds * 1000);
}

/** How far a moment is from now, in its largest unit: "3 小时后", "2 days ago". */
export function fromNow(seconds: number, now = Date.now() / 1000): string {
  const distance = seconds - now;
  const [unit, length] = UNITS.find(([, each]) => Math.abs(distance) >= each) ?? (["minute", 60] as const);
  return new Intl.RelativeTimeFormat(tags[language.value], { numeric: "always" }).format(Math.trunc(distance / length), unit);
}

export function bytes(size: number): string {
  const [unit, length] = size >= 1e6 ? (["megabyte", 1e6] as const) : (["kilobyte", 1e3] as const);
  return numbers(unit, { style: "unit", unit, maximumFractionDigits: 1 }).format(size / length);
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

function numbers(name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language.value} ${name}`;
  const found = made.get(key);
  if (found instanceof Intl.NumberFormat) return found;
  const format = new Intl.NumberFormat(tags[language.value], options);
  made.set(key, format);
  return format;
}

function dates(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language.value} ${name}`;
  const found = made.get(key);
  if (found instanceof Intl.DateTimeFormat) return found;
  const format = new Intl.DateTimeFormat(tags[language.value], { timeZone: zone, ...options });
  made.set(key, format);
  return format;
}
