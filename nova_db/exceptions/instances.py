"""Instances and what belongs to them: actions, migrations, flavors, key pairs, images, volumes."""

from __future__ import annotations

from nova_db.exceptions.base import Duplicate, NotFound, NovaException


class InstanceNotFound(NotFound):
    """No such instance; ``instance_id`` is what it was looked up by."""

    message = "Instance %(instance_id)s could not be found."


class InstanceExists(Duplicate):
    """An instance has the hostname ``name``, which must be unique."""

    message = "Instance %(name)s exists already."


class InstanceInfoCacheNotFound(NotFound):
    """The instance ``instance_uuid`` has no live info cache."""

    message = "No info cache of instance %(instance_uuid)s could be found."


class InstanceActionNotFound(NovaException):
    """The request ``request_id`` has no action on ``instance_uuid``. Not a :class:`NotFound`."""

    message = "Request %(request_id)s has no action on instance %(instance_uuid)s."


class InstanceActionEventNotFound(NovaException):
    """The action ``action_id`` has no such ``event``. Not a :class:`NotFound`."""

    message = "Action %(action_id)s has no event %(event)s."


class MigrationNotFound(NotFound):
    """No migration ``migration_id``."""

    message = "Migration %(migration_id)s could not be found."


class MigrationNotFoundByStatus(MigrationNotFound):
    """The instance ``instance_id`` has no migration in the status ``status``."""

    message = "Instance %(instance_id)s has no migration with status %(status)s."


class InstanceTypeNotFound(NotFound):
    """No flavor has the key ``instance_type_id``."""

    message = "Instance type %(instance_type_id)s could not be found."


class InstanceTypeNotFoundByName(InstanceTypeNotFound):
    """No flavor is called ``instance_type_name``."""

    message = "No instance type with the name %(instance_type_name)s could be found."


class FlavorNotFound(NotFound):
    """No flavor has the public id ``flavor_id``."""

    message = "Flavor %(flavor_id)s could not be found."


class InstanceTypeExists(Duplicate):
    """A flavor is called ``name`` already."""

    message = "An instance type with the name %(name)s exists already."


class InstanceTypeIdExists(Duplicate):
    """A flavor has the public id ``flavor_id`` already."""

    message = "An instance type with the flavor id %(flavor_id)s exists already."


class FlavorAccessExists(Duplicate):
    """The project ``project_id`` may use the flavor ``flavor_id`` already."""

    message = "Project %(project_id)s has access to flavor %(flavor_id)s already."


class FlavorAccessNotFound(NotFound):
    """The project ``project_id`` has no access to ``flavor_id`` that could be taken away."""

    message = "Project %(project_id)s has no access to flavor %(flavor_id)s."


class KeypairNotFound(NotFound):
    """The user ``user_id`` has no key pair called ``name``."""

    message = "User %(user_id)s has no key pair %(name)s."


class ImageNotFound(NotFound):
    """No image; ``image_id`` is the key or the uuid it was looked up by."""

    message = "Image %(image_id)s could not be found."


class VolumeNotFound(NotFound):
    """No volume; ``volume_id`` is the EC2 id or the uuid it was looked up by."""

    message = "Volume %(volume_id)s could not be found."


class SnapshotNotFound(NotFound):
    """No snapshot; ``snapshot_id`` is the EC2 id or the uuid it was looked up by."""

    message = "Snapshot %(snapshot_id)s could not be found."
