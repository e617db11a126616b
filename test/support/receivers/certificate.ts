/** A certificate for localhost that signs itself, and its key: for servers of tests on loopback only. Valid until 2119. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBQTCB6KADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWxvY2FsaG9z
dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTE5MDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
bG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAErKyxoOFTDv/8sIaI
tja1ZKClF+OEevoqou/H9nZVmk1NyORlYZx0BN0rg6XYvLQXETlejtTrc70Gew/G
TdqFkKMpMCcwFAYDVR0RBA0wC4IJbG9jYWxob3N0MA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSAAwRQIgQBcfRcBWide7oVMip8JvOqQrREWg3MlilVXzdkQD
cgICIQDKgfq8cKMSNMmrKNtZhK9E647P6mGnHacJwm2uPpq+YA==
-----END CERTIFICATE-----
`;

/** Known to everybody, and worth nothing. */
export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxBR60Aqu7bceu4Ar
XMFEElWW9HZdl4YFvqRuPxMT2HahRANCAASsrLGg4VMO//ywhoi2NrVkoKUX44R6
+iqi78f2dlWaTU3I5GVhnHQE3SuDpdi8tBcROV6O1OtzvQZ7D8ZN2oWQ
-----END PRIVATE KEY-----
`;
