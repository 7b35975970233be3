"""Which files of a warehouse its tables lead to, as PyIceberg reads them. Every other file there is an orphan."""
import pathlib


def plain_path(location):
    """A location without the scheme of local files."""
    return location.removeprefix("file://")


def files_of(table):
    """Every file that a table's metadata leads to: metadata, its log, manifest lists, manifests, data, deletes, offsets."""
    metadata = table.metadata
    files = {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log),
             *(file.statistics_path for file in metadata.statistics)}
    for snapshot in metadata.snapshots:
        files.add(snapshot.manifest_list)
        if offsets := snapshot.summary.additional_properties.get("fluss-offsets"):
            files.add(offsets)
        for manifest in snapshot.manifests(table.io):
            files.add(manifest.manifest_path)
            files.update(entry.data_file.file_path
                         for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True))
    return {plain_path(file) for file in files}


def files_of_all(catalog):
    """Of every table of the catalog."""
    tables = [name for namespace in catalog.list_namespaces() for name in catalog.list_tables(namespace)]
    return set().union(*(files_of(catalog.load_table(name)) for name in tables))


def files_on_disk(folder):
    return {str(path) for path in pathlib.Path(folder).rglob("*") if path.is_file()}


def orphans(catalog, listed):
    """What `listed()` has and no table leads to; a table that changes meanwhile is None."""
    there = listed()
    try:
        return there - files_of_all(catalog)
    except FileNotFoundError:  # expired while we read
        return None
