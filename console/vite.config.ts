import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import Components from "unplugin-vue-components/vite";
import { ElementPlusResolver } from "unplugin-vue-components/resolvers";
import { defineConfig, type Plugin } from "vite";

/** Leaves each file's gzip beside it, so that the service packs nothing while it serves. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle)) {
        const path = join(dir ?? "", name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "/console/",
  plugins: [vue({ template: { compilerOptions: { isCustomElement: (tag) => tag === "model-viewer" } } }), Components({ dirs: [], dts: "src/components.d.ts", resolvers: [ElementPlusResolver()] }), packed()],
  define: { __VUE_OPTIONS_API__: false, __VUE_I18N_LEGACY_API__: false },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy knows no data: but for pictures
    chunkSizeWarningLimit: 1200, // model-viewer, which is loaded where a model is shown
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
