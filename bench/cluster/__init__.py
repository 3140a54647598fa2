"""Measure cold starts on the cluster of KUBECONFIG: python -m bench.cluster."""
