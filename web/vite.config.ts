import { defineConfig } from "vite";

// Where `npm run dev` finds the API; any running `reeve serve` or `reeve demo` will do.
const api = process.env["REEVE_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // data: URLs are refused by our content security policy
    modulePreload: { polyfill: false },
    license: { fileName: "third-party-licenses.txt" },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: api }, "/healthz": { target: api }, "/version": { target: api } },
  },
});
