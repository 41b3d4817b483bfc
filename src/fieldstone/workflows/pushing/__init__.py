"""What a push needs: its checks of paths, its workspace, its owners of names."""
