"""Cold starts on a real cluster, whatever KUBECONFIG points at: python -m bench.cluster."""
