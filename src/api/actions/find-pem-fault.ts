import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Message } from '../errors/message.ts';

/** The PEM parameters of an instance, each absent or a text. */
export interface PemParameters {
  readonly CaCert?: string;
  readonly ClientCert?: string;
  readonly ClientKey?: string;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * Why the texts can serve no TLS session, or undefined. An unreadable authority has to be found here: TLS passes it over, and the server's
 * certificate then looks like one that nobody has signed. A message never repeats any of a text.
 */
export function findPemFault({ CaCert, ClientCert, ClientKey }: PemParameters): Message | undefined {
  for (const [name, pem] of Object.entries({ CaCert, ClientCert })) {
    if (pem !== undefined && readCertificates(pem) === undefined) {
      return {
        en: `${name} is not a certificate in PEM, or a chain of them.`,
        zh: `${name} 不是 PEM 格式的证书或证书链。`,
      };
    }
  }
  if (ClientKey === undefined) {
    return undefined;
  }
  const key = readKey(ClientKey);
  if (key === undefined) {
    return {
      en: 'ClientKey is not a private key in PEM without a passphrase.',
      zh: 'ClientKey 不是未加密的 PEM 私钥。',
    };
  }
  const [certificate] = (ClientCert === undefined ? undefined : readCertificates(ClientCert)) ?? [];
  return certificate === undefined || certificate.checkPrivateKey(key)
    ? undefined
    : { en: 'ClientKey is not the key of ClientCert.', zh: 'ClientKey 与 ClientCert 不匹配。' };
}

function readCertificates(pem: string): X509Certificate[] | undefined {
  try {
    const certificates = (pem.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
    return certificates.length === 0 ? undefined : certificates;
  } catch {
    return undefined;
  }
}

function readKey(pem: string): ReturnType<typeof createPrivateKey> | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
