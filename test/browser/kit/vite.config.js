// One static build, whose JSX esbuild translates.

import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  logLevel: "warn",
  esbuild: { jsx: "automatic" },
  plugins: [tailwindcss()],
});
