import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";
import { i18n } from "./i18n";
import { router } from "./router";
import "element-plus/es/components/message/style/css";
import "element-plus/es/components/message-box/style/css";
import "element-plus/es/components/notification/style/css";
import "./styles/theme.css";
import "./styles/base.css";
import "./styles/layout.css";

createApp(App).use(createPinia()).use(i18n).use(router).mount("#app");
