import { act, app, did, error, list, nav } from "./app";
import { product, sku } from "./goods";
import { imports } from "./imports";
import { event } from "./events";
import { order } from "./orders";
import { apikey, setting, webhook } from "./connect";
import { overview } from "./overview";
import { file, model, scene } from "./space";
import { staff } from "./staff";
import { ticket } from "./tickets";

const areas = { app, nav, do: act, did, error, list, overview, order, ticket, event, import: imports, product, sku, model, scene, file, webhook, apikey, setting, staff };

type Areas = typeof areas;
type Of<Tongue extends "zh" | "en"> = { [Area in keyof Areas]: Areas[Area][Tongue] };

function of<Tongue extends "zh" | "en">(tongue: Tongue): Of<Tongue> {
  const entries = Object.entries(areas).map(([area, words]) => [area, words[tongue]]);
  return Object.fromEntries(entries) as Of<Tongue>;
}

export const zh = of("zh");
export const en = of("en");
