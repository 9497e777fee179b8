import { defineConfig } from "vite";

export default defineConfig({
  // Another port would be another origin, which Postern does not trust: better to say that this one is taken.
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  esbuild: { jsx: "automatic" },
});
