// Apple, as https://developer.apple.com/documentation/signinwithapplerestapi describes it: the client authenticates with a token it
// signs itself, the answer is posted, and names are told once only, beside the ID token.

import { generateKeyPairSync } from "node:crypto";
import { importSPKI, jwtVerify } from "jose";
import { authorize } from "./authorization.mjs";
import { token } from "./tokens.mjs";

const { privateKey, publicKey } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

const teamID = "TEAM123456";
const keyID = "KEY1234567";
const issuer = "https://appleid.apple.com";

export const apple = {
  id: "apple",
  clientID: "test.people.web",
  /** What a client needs to sign its secret. */
  credentials: { teamID, keyID, privateKey },
  issuer,
  scopes: ["email", "name"],
  responseType: "code id_token",
  responseMode: "form_post",
  challenge: true,
  kids: ["apple-1", "apple-2"],
  endpoints: {
    authorize: { url: `${issuer}/auth/authorize`, answer: authorize },
    token: { url: `${issuer}/auth/token`, answer: token },
    keys: { url: `${issuer}/auth/keys`, answer: ({ keys }) => keys.jwks() },
  },
  person: ({ number, name, email }) => ({ subject: `000${number.slice(0, 3)}.${number}.0000`, name, email, verified: true }),
  // No name; whether an address is verified comes as a text or as a boolean.
  claims: ({ subject, email, verified }) => ({ sub: subject, email, email_verified: `${verified}`, nonce_supported: true }),
  checkSecret,
};

// https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
async function checkSecret(secret, _settings, demand) {
  try {
    const { payload, protectedHeader } = await jwtVerify(secret, await importSPKI(publicKey, "ES256"), {
      issuer: teamID,
      subject: apple.clientID,
      audience: issuer,
      algorithms: ["ES256"],
      requiredClaims: ["iat", "exp"],
    });
    demand(protectedHeader.kid === keyID, `kid of the client secret ${protectedHeader.kid}`);
    demand(payload.exp - payload.iat <= 15_777_000, "the client secret lives longer than six months");
    return true;
  } catch (error) {
    demand(false, `client secret: ${error.message}`);
    return false;
  }
}
