import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

// The redirect URI is registered as an exact string, so the port must not wander.
const address = { port: 5173, strictPort: true };

export default defineConfig(({ mode }) => {
  const env = loadEnv(mode, ".", "VITE_");
  const authority = env.VITE_AUTHORITY ?? "http://localhost:5000";
  const api = env.VITE_API ?? "http://localhost:5174";

  return {
    plugins: [react()],
    server: address,
    // Send these headers from your own web server too. The dev server goes without: hot reload needs inline scripts.
    preview: {
      ...address,
      headers: {
        "Content-Security-Policy": [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "img-src 'self'",
          `connect-src 'self' ${new URL(authority).origin} ${new URL(api).origin}`,
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'none'",
        ].join("; "),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
      },
    },
  };
});
