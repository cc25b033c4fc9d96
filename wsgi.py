"""What gunicorn serves: settings from the environment, then the application; nothing else."""

from gateway.app import create_app
from gateway.settings import GatewaySettings
from gateway.wiring import build

settings = GatewaySettings.from_environment()
app = create_app(settings, build(settings))
