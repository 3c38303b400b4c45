/**
 * Calls the API: paths, bodies and answers have the types of its schema (schema.ts, which `just client` writes).
 *
 *   const api = createApi("https://api.example.com", () => token);
 *   const { data, error } = await api.GET("/api/v1/auth/profile/");
 */
import createClient, { type Client } from "openapi-fetch";
import type { paths } from "./schema.js";

export type Api = Client<paths>;

/**
 * @param baseUrl where the API is, without a path
 * @param token returns the token of the login, or undefined before it; asked for at each request
 */
export function createApi(baseUrl: string, token: () => string | undefined = () => undefined): Api {
  const api = createClient<paths>({ baseUrl });
  api.use({
    onRequest({ request }) {
      const known = token();
      if (known !== undefined) request.headers.set("Authorization", `Bearer ${known}`);
      return request;
    },
  });
  return api;
}
