// An OpenID Connect provider on loopback: `node provider.mjs NODE_MODULES REDIRECT_URI`. Prints its port.
// It signs in whoever gives a name, and its own pages ask for that.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [modules, redirect] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const provider = new Provider(`http://localhost:${port}`, {
    clients: [{ client_id: "fieldstone", client_secret: "s3cret:with+signs%", redirect_uris: [redirect], scope: "openid profile email" }],
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ["sub"], profile: ["preferred_username"], email: ["email", "email_verified"] },
    cookies: { keys: ["only for tests"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== "mallory", preferred_username: "admin" }),
    }),
  });
  server.on("request", provider.callback());
  console.log(port);
});
