"""What an hour of a machine costs: from the operator's table; nothing is looked up anywhere."""

from django.conf import settings

from jobs.models import Server

LOCAL = "local"
UNKNOWN = "ec2"


def price_per_hour(kind: str) -> float | None:
    """In FLASH_CURRENCY; None when the operator has set no price for this kind of machine."""
    if kind == LOCAL:
        price: float = settings.FLASH_LOCAL_PRICE
        return price
    return settings.FLASH_EC2_PRICES.get(kind)


def kind_of(server: Server) -> str:
    """The word that prices and estimates go by: `local`, or the type of the instance."""
    return LOCAL if server.driver == LOCAL else server.instance_type or UNKNOWN


def expected_kind() -> str:
    """The kind of machine that the next job will most likely run on. One query at most."""
    if settings.FLASH_COMPUTE == LOCAL:
        return LOCAL
    if settings.FLASH_EC2_TYPES:
        return str(settings.FLASH_EC2_TYPES[0])
    last = Server.objects.filter(driver="ec2").exclude(instance_type="").order_by("-launched").first()
    return last.instance_type if last else UNKNOWN
