/** A module of its own, so that a bundle includes only the used part of AWS's client. */
export { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
