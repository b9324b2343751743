"""The worker: what `procrastinate --app=reelwright_worker.app.app worker` runs."""
