import { deriveSigningKey, formatTc3Authorization, hashCanonicalRequest, hashPayload, signTc3, utcDay } from '../src/api/auth/tc3.ts';

/** Whole HTTP requests as bytes, signed TC3-HMAC-SHA256 as the official Node SDK signs, one for each of `bodies`. Good for 300 seconds. */
export function signRequests(
  credential: { readonly secretId: string; readonly secretKey: string },
  port: number,
  action: string,
  bodies: readonly object[],
): Buffer[] {
  const seconds = Math.floor(Date.now() / 1000);
  const scope = { date: utcDay(seconds), service: 'redis' };
  const signingKey = deriveSigningKey(credential.secretKey, scope);
  const host = `127.0.0.1:${port}`;
  const signedHeaders = 'content-type;host';
  return bodies.map((parameters) => {
    const body = JSON.stringify(parameters);
    const canonicalHash = hashCanonicalRequest({
      method: 'POST',
      path: '/',
      query: '',
      headerLines: `content-type:application/json\nhost:${host}\n`,
      signedHeaders,
      payloadHash: hashPayload(body),
    });
    const signature = signTc3(signingKey, String(seconds), scope, canonicalHash);
    const lines = [
      'POST / HTTP/1.1',
      `Host: ${host}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `Authorization: ${formatTc3Authorization({ secretId: credential.secretId, ...scope, signedHeaders, signature })}`,
      `X-TC-Action: ${action}`,
      'X-TC-Version: 2018-04-12',
      'X-TC-Region: ap-guangzhou',
      `X-TC-Timestamp: ${seconds}`,
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
  });
}
