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
  page("movements", "movements", () => import("./pages/merchant/MovementsPage.vue")),
  page("models", "models", () => import("./pages/merchant/ModelsPage.vue")),
  page("scenes", "scenes", () => import("./pages/merchant/ScenesPage.vue")),
  page("files", "files", () => import("./pages/merchant/FilesPage.vue")),
  page("webhooks", "webhooks", () => import("./pages/merchant/WebhooksPage.vue")),
  page("webhooks/:id(\\d+)", "webhook", () => import("./pages/merchant/DeliveriesPage.vue")),
  page("keys", "keys", () => import("./pages/merchant/KeysPage.vue")),
  page("settings", "settings", () => import("./pages/merchant/SettingsPage.vue")),
];

const adminPages = [
  page("", "admin-overview", () => import("./pages/admin/OverviewPage.vue")),
  page("merchants", "admin-merchants", () => import("./pages/admin/MerchantsPage.vue")),
  page("customers", "admin-customers", () => import("./pages/admin/CustomersPage.vue")),
  page("orders", "admin-orders", () => import("./pages/admin/OrdersPage.vue")),
  page("tickets", "admin-tickets", () => import("./pages/admin/TicketsPage.vue")),
  page("products", "admin-products", () => import("./pages/admin/ProductsPage.vue")),
  page("refunds", "admin-refunds", () => import("./pages/admin/RefundsPage.vue")),
  page("audit", "admin-audit", () => import("./pages/admin/AuditPage.vue")),
  page("bases", "admin-bases", () => import("./pages/admin/BasesPage.vue")),
  page("admins", "admin-admins", () => import("./pages/admin/AdminsPage.vue")),
];

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
