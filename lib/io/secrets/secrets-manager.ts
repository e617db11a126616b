/** A module of its own, so that of AWS's client only what is used goes into a bundle. */
export { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
