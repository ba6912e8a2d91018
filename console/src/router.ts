import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { t } from "./i18n";
import { session, type Audience } from "./stores/session";

declare module "vue-router" {
  interface RouteMeta {
    audience?: Audience;
    title?: string;
  }
}

function page(path: string, name: string, component: RouteRecordRaw["component"]): RouteRecordRaw {
  return { path, name, component, meta: { title: `nav.${name}` } } as RouteRecordRaw;
}

const merchantPages = [
  page("", "overview", () => import("./pages/merchant/OverviewPage.vue")),
  page("orders", "orders", () => import("./pages/merchant/OrdersPage.vue")),
  page("tickets", "tickets", () => import("./pages/merchant/TicketsPage.vue")),
  page("products", "products", () => import("./pages/merchant/ProductsPage.vue")),
  page("skus", "skus", () => import("./pages/merchant/SkusPage.vue")),
];

const adminPages: RouteRecordRaw[] = [];

export const router = createRouter({
  history: createWebHistory("/console/"),
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? {} : { top: 0 }),
  routes: [
    { path: "/login", name: "login", component: () => import("./pages/LoginPage.vue"), props: { audience: "merchant" } },
    { path: "/admin/login", name: "admin-login", component: () => import("./pages/LoginPage.vue"), props: { audience: "admin" } },
    { path: "/admin", component: () => import("./pages/admin/AdminShell.vue"), meta: { audience: "admin" }, children: adminPages },
    { path: "/", component: () => import("./pages/merchant/MerchantShell.vue"), meta: { audience: "merchant" }, children: merchantPages },
    { path: "/:rest(.*)*", name: "nowhere", component: () => import("./pages/NowherePage.vue") },
  ],
});

export function loginOf(audience: Audience): string {
  return audience === "merchant" ? "login" : "admin-login";
}

router.beforeEach((to) => {
  const audience = to.meta.audience;
  if (audience === undefined || session(audience).isIn) return true;
  return { name: loginOf(audience), query: to.fullPath === "/" || to.fullPath === "/admin" ? {} : { back: to.fullPath } };
});

export function titleOf(): string {
  const key = router.currentRoute.value.meta.title;
  return key === undefined ? t("app.name") : `${t(key)} · ${t("app.name")}`;
}
