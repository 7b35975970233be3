import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.fluss.rpc.messages.ApiMessage;

/** Prints a line for every field of every message the client knows: message, field, tag (number and wire type), packed or single. */
public class MessageFields {
  public static void main(String[] arguments) throws Exception {
    Path jar = Path.of(ApiMessage.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    String folder = ApiMessage.class.getPackageName().replace('.', '/') + "/";
    try (JarFile file = new JarFile(jar.toFile())) {
      for (JarEntry entry : (Iterable<JarEntry>) file.stream()::iterator) {
        String name = entry.getName();
        if (name.startsWith(folder) && name.endsWith(".class")) {
          print(Class.forName(name.substring(0, name.length() - ".class".length()).replace('/', '.')));
        }
      }
    }
  }

  private static void print(Class<?> message) throws IllegalAccessException {
    if (!ApiMessage.class.isAssignableFrom(message) || message.isInterface()) {
      return;
    }
    System.out.println("message " + message.getSimpleName());
    for (Field field : message.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) && field.getName().endsWith("_TAG")) {
        field.setAccessible(true);
        String name = field.getName().substring(1, field.getName().length() - "_TAG".length());
        String packed = has(message, field.getName() + "_PACKED") ? "packed" : "single";
        System.out.println(
            "field " + message.getSimpleName() + " " + name + " " + field.getInt(null) + " " + packed);
      }
    }
  }

  private static boolean has(Class<?> message, String constant) {
    return Arrays.stream(message.getDeclaredFields()).anyMatch(f -> f.getName().equals(constant));
  }
}
