/* Shows the contract with Swagger UI. Nothing is asked of another host: the validator is off. */
globalThis.SwaggerUIBundle({
  dom_id: '#contract',
  url: '/openapi.json',
  validatorUrl: null,
  deepLinking: true,
  tryItOutEnabled: true,
  persistAuthorization: false,
  displayRequestDuration: true,
  docExpansion: 'list',
});
