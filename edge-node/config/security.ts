import { text, yesOrNo } from './fields'

/** Who may ask for what, and how that is kept secret on the way. See SECURITY.md. */
export const securityFields = {
  tokens: text('a file')
    .optional()
    .describe('file (mode 0600) with a list of {name, token or sha256, scopes}; read again when it changes'),
  insecureNoAuth: yesOrNo()
    .default(false)
    .describe('listen beyond loopback though nothing asks who is calling: another program has to'),
  tlsCert: text('a file').optional().describe('file with the certificate and its chain (PEM): serves https alone'),
  tlsKey: text('a file').optional().describe('file with its private key (PEM), not readable by others'),
  tlsClientCa: text('a file')
    .optional()
    .describe('file with the authorities (PEM) one of which has to have signed the certificate of a client'),
}
