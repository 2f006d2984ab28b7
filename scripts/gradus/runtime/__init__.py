"""What every program needs: errors, files, processes, leases, the scheduler, the environment."""
