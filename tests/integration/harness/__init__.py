"""What the integration tests are written with: a proxy, scripted origins, raw clients."""
