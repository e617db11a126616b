/**
 * What secrets look like, for those that were never read here (pasted into a pool's label, echoed by a proxy). Group 1
 * stays. MKS tokens are 64 hexadecimal digits; the others are the addresses and keys of the chats we write to.
 */
export const secretPatterns: readonly RegExp[] = [
  /(\bToken(?:\s|%20|\+)+)[0-9a-f]{16,}/gi,
  /(\b(?:Bearer|Basic|GenieKey)(?:\s|%20)+)[\w.~+/=-]{16,}/g,
  /()(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/gi,
  /(hooks\.slack\.com\/)[^\s"'<>\\]+/gi,
  /(discord(?:app)?\.com\/api\/(?:v\d+\/)?webhooks\/)[^\s"'<>\\]+/gi,
  /(webhook\.office\.com\/)[^\s"'<>\\]+/gi,
  /(\bsig=)[^\s"'<>\\&]+/gi,
  /(\bwhs[ek]c?_)[\w+/=-]{8,}/g,
];
