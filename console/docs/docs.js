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

const dark = matchMedia('(prefers-color-scheme: dark)');

/** Use the colours that were chosen on the page (page/state.js keeps them), else the system's. */
function applyTheme() {
  document.documentElement.classList.toggle('dark-mode', (chosen() ?? system()) === 'dark');
}

function chosen() {
  try {
    return JSON.parse(localStorage.getItem('circles:theme'));
  } catch {
    return null; // the browser forbids to keep anything
  }
}

const system = () => (dark.matches ? 'dark' : 'light');

dark.addEventListener('change', applyTheme);
applyTheme();
